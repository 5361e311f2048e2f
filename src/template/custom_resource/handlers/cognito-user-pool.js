'use strict';
// Triggers of a user pool that exists outside the stack.
const {
  CognitoIdentityProviderClient,
  ListUserPoolsCommand,
  DescribeUserPoolCommand,
  UpdateUserPoolCommand,
} = require('@aws-sdk/client-cognito-identity-provider');
const { allow, clientOptions, deny, functionArn, handler, statementId } = require('../common');

const cognito = new CognitoIdentityProviderClient(clientOptions);
const SENDERS = ['CustomSMSSender', 'CustomEmailSender'];
// What DescribeUserPool tells and UpdateUserPool does not take.
const READ_ONLY = [
  'Id', 'Name', 'Status', 'LastModifiedDate', 'CreationDate', 'SchemaAttributes', 'AliasAttributes',
  'UsernameAttributes', 'EstimatedNumberOfUsers', 'SmsConfigurationFailure', 'EmailConfigurationFailure',
  'Domain', 'CustomDomain', 'UsernameConfiguration', 'Arn',
];

const permission = ({ FunctionName, FunctionQualifier, UserPoolName }) => ({
  FunctionName,
  Qualifier: FunctionQualifier,
  StatementId: statementId(FunctionName, UserPoolName.toLowerCase().replace(/[.:*\s]/g, '')),
});

const find = async (name) => {
  let token;
  do {
    const page = await cognito.send(new ListUserPoolsCommand({ MaxResults: 60, NextToken: token }));
    const pool = page.UserPools.find((candidate) => candidate.Name === name);
    if (pool) return pool;
    token = page.NextToken;
  } while (token);
  return null;
};

const findOrFail = async (name) => {
  const pool = await find(name);
  if (!pool) throw new Error(`There is no user pool named "${name}".`);
  return pool;
};

const withoutTriggersOf = (triggers, arns) => {
  const kept = Object.fromEntries(
    Object.entries(triggers).filter(([, value]) => !arns.includes(value) && !arns.includes(value && value.LambdaArn))
  );
  if (!SENDERS.some((sender) => sender in kept)) delete kept.KMSKeyID;
  return kept;
};

const triggers = (configs, arn) =>
  Object.assign(
    {},
    ...configs.map(({ Trigger, LambdaVersion, KMSKeyID }) => {
      if (SENDERS.includes(Trigger)) return { [Trigger]: { LambdaArn: arn, LambdaVersion }, KMSKeyID };
      if (Trigger === 'PreTokenGeneration' && LambdaVersion) {
        return { PreTokenGenerationConfig: { LambdaArn: arn, LambdaVersion } };
      }
      return { [Trigger]: arn };
    })
  );

const replace = async (id, arns, added) => {
  const { UserPool: pool } = await cognito.send(new DescribeUserPoolCommand({ UserPoolId: id }));
  const settings = { ...pool, UserPoolId: id, LambdaConfig: { ...withoutTriggersOf(pool.LambdaConfig || {}, arns), ...added } };
  for (const key of READ_ONLY) delete settings[key];
  const invitation = settings.AdminCreateUserConfig;
  if (invitation && invitation.UnusedAccountValidityDays !== undefined) {
    if (settings.Policies && settings.Policies.PasswordPolicy) {
      settings.Policies.PasswordPolicy.TemporaryPasswordValidityDays = invitation.UnusedAccountValidityDays;
    }
    delete invitation.UnusedAccountValidityDays;
  }
  await cognito.send(new UpdateUserPoolCommand(settings));
};

const arnOf = (properties, place) => functionArn(place, properties.FunctionName, properties.FunctionQualifier);

const grant = (properties, { partition, region, account }, id) =>
  allow({
    ...permission(properties),
    Principal: 'cognito-idp.amazonaws.com',
    SourceArn: `arn:${partition}:cognito-idp:${region}:${account}:userpool/${id}`,
  });

const clear = async (properties, place) => {
  const pool = await find(properties.UserPoolName);
  if (pool) await replace(pool.Id, [arnOf(properties, place)], {});
};

const same = (a, b, ...keys) => keys.every((key) => a[key] === b[key]);

module.exports.handler = handler('CustomResourceExistingCognitoUserPool', {
  async Create({ ResourceProperties: properties }, place) {
    const { Id } = await findOrFail(properties.UserPoolName);
    const arn = arnOf(properties, place);
    await grant(properties, place, Id);
    await replace(Id, [arn], triggers(properties.UserPoolConfigs, arn));
  },
  async Update({ ResourceProperties: properties, OldResourceProperties: old }, place) {
    const { Id } = await findOrFail(properties.UserPoolName);
    const arn = arnOf(properties, place);
    const moved = old && !same(properties, old, 'FunctionName', 'FunctionQualifier', 'UserPoolName');
    if (moved) await grant(properties, place, Id);
    const samePool = old && same(properties, old, 'UserPoolName');
    await replace(Id, samePool ? [arn, arnOf(old, place)] : [arn], triggers(properties.UserPoolConfigs, arn));
    if (!moved) return;
    if (!samePool) await clear(old, place);
    if (!same(permission(properties), permission(old), 'FunctionName', 'Qualifier', 'StatementId')) await deny(permission(old));
  },
  async Delete({ ResourceProperties: properties }, place) {
    await deny(permission(properties));
    await clear(properties, place);
  },
});
