//! The mapping templates (Velocity) that a Lambda integration has where the manifest gives none.
//!
//! Their text is part of the contract: it stands in the methods of deployed stacks, so it
//! stays as Framework v3 writes it, white space included.

/// Marks where claims of a Cognito authorizer go, in the defaults and in templates of the manifest.
pub(super) const CLAIMS_MARK: &str = "extraCognitoPoolClaims";

/// What both defaults share: the event that the function gets, around `$body`.
const EVENT: &str = r##"
  #define( $loop )
    {
    #foreach($key in $map.keySet())
        #set( $k = $util.escapeJavaScript($key) )
        #set( $v = $util.escapeJavaScript($map.get($key)).replaceAll("\\'", "'") )
        "$k":
          "$v"
          #if( $foreach.hasNext ) , #end
    #end
    }
  #end

  {
    "body": $body,
    "method": "$context.httpMethod",
    "principalId": "$context.authorizer.principalId",
    "stage": "$context.stage",

    "cognitoPoolClaims" : {
       extraCognitoPoolClaims
       "sub": "$context.authorizer.claims.sub"
    },

    #set( $map = $context.authorizer )
    "enhancedAuthContext": $loop,

    #set( $map = $input.params().header )
    "headers": $loop,

    #set( $map = $input.params().querystring )
    "query": $loop,

    #set( $map = $input.params().path )
    "path": $loop,

    #set( $map = $context.identity )
    "identity": $loop,

    #set( $map = $stageVariables )
    "stageVariables": $loop,

    "requestPath": "$context.resourcePath"
  }
"##;

const FORM_BODY: &str = r##"
    #define( $body )
      {
      #foreach( $token in $input.path('$').split('&') )
        #set( $keyVal = $token.split('=') )
        #set( $keyValSize = $keyVal.size() )
        #if( $keyValSize >= 1 )
          #set( $key = $util.escapeJavaScript($util.urlDecode($keyVal[0])) )
          #if( $keyValSize >= 2 )
            #set($val = $util.escapeJavaScript($util.urlDecode($keyVal[1])).replaceAll("\\'","'"))
          #else
            #set( $val = '' )
          #end
          "$key": "$val"#if($foreach.hasNext),#end
        #end
      #end
      }
    #end
"##;

/// The default for `application/json`.
pub(super) fn json() -> String {
    format!("\n    #set( $body = $input.json(\"$\") )\n\n    {EVENT}\n  ")
}

/// The default for `application/x-www-form-urlencoded`.
pub(super) fn form() -> String {
    format!("{FORM_BODY}\n    {EVENT}\n  ")
}
