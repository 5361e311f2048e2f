'use strict';
// Runs the handlers as Lambda does, in front of an AWS and a CloudFormation that are made up here.
// $HANDLERS is the folder of the unpacked archive.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { test } = require('node:test');

const HANDLERS = fs.realpathSync(process.env.HANDLERS);
const ACCOUNT = '123456789012';
const ARN = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:`;

const failure = (name, message = name) => Object.assign(new Error(message), { name });

// A client sends commands; each is answered by the function of its name in `behaviour`.
const sdk = (calls, behaviour) =>
  new Proxy({}, {
    get: (_, name) =>
      name.endsWith('Client')
        ? class {
            async send({ operation, input }) {
              calls.push([operation, input]);
              return behaviour[operation] ? behaviour[operation](input) : {};
            }
          }
        : class {
            constructor(input) {
              this.operation = name.replace(/Command$/, '');
              this.input = JSON.parse(JSON.stringify(input));
            }
          },
  });

// Takes the answer that CloudFormation waits for.
const web = (answers) => ({
  request: (options, respond) => ({
    on: () => {},
    end: (body) => {
      assert.equal(options.headers['Content-Length'], Buffer.byteLength(body));
      answers.push({ to: `${options.method} ${options.hostname}${options.path}`, ...JSON.parse(body) });
      respond({ resume: () => {}, on: (_, ended) => ended() });
    },
  }),
});

// Pauses between attempts take no time here; the time limit of a function does.
const patient = globalThis.setTimeout;
globalThis.setTimeout = (task, ms, ...rest) => patient(task, ms > 60000 ? ms : 0, ...rest);

const run = async (name, behaviour, request, remaining = 180000) => {
  const calls = [];
  const answers = [];
  const load = Module._load;
  Module._load = (id, ...rest) => {
    if (id.startsWith('@aws-sdk/')) return sdk(calls, behaviour);
    return id === 'node:https' ? web(answers) : load(id, ...rest);
  };
  Object.keys(require.cache).filter((file) => file.startsWith(HANDLERS)).forEach((file) => delete require.cache[file]);
  const log = console.error;
  console.error = () => {};
  try {
    const { handler } = require(path.join(HANDLERS, name, 'handler.js'));
    const event = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'logical', ResponseURL: 'https://answer.example/to?sig=1', ...request };
    await handler(event, { invokedFunctionArn: `${ARN}custom`, logStreamName: 'stream', getRemainingTimeInMillis: () => remaining });
  } finally {
    Module._load = load;
    console.error = log;
  }
  assert.equal(answers.length, 1, 'CloudFormation gets one answer');
  const [{ to, ...answer }] = answers;
  assert.equal(to, 'PUT answer.example/to?sig=1');
  assert.deepEqual([answer.StackId, answer.RequestId, answer.LogicalResourceId], ['stack', 'request', 'logical']);
  return { calls, answer, sent: (operation) => calls.filter(([sent]) => sent === operation).map(([, input]) => input) };
};

const succeeded = ({ answer }, id) => assert.deepEqual([answer.Status, answer.PhysicalResourceId], ['SUCCESS', id], answer.Reason);
const failed = ({ answer }, reason) => {
  assert.equal(answer.Status, 'FAILED');
  assert.match(answer.Reason, reason);
  assert.match(answer.Reason, /See details in CloudWatch Log: stream/);
};

// ---- buckets

const theirs = { Id: 'theirs', Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: `${ARN}theirs` };
const own = (name) => ({ ...theirs, Id: `${name}-${'a'.repeat(32)}`, LambdaFunctionArn: `${ARN}${name}` });
const bucket = (...configurations) => () => ({
  $metadata: { httpStatusCode: 200 },
  TopicConfigurations: [{ Id: 'topic' }],
  LambdaFunctionConfigurations: configurations,
});
const s3 = (more) => ({
  FunctionName: 'fn',
  BucketName: 'bu.cket',
  BucketConfigs: [{ Event: 's3:ObjectRemoved:*', Rules: [{ Prefix: 'in/' }, { Suffix: '.txt' }] }],
  ...more,
});

test('a new notification is added beside those of others', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: bucket(theirs) }, { RequestType: 'Create', ResourceProperties: s3({ FunctionQualifier: 'live' }) });
  succeeded(done, 'CustomResourceExistingS3');
  assert.deepEqual(done.sent('AddPermission'), [{
    FunctionName: 'fn', Qualifier: 'live', StatementId: 'fn-bucket', Action: 'lambda:InvokeFunction',
    Principal: 's3.amazonaws.com', SourceArn: 'arn:aws:s3:::bu.cket', SourceAccount: ACCOUNT,
  }]);
  const [{ Bucket, NotificationConfiguration: { LambdaFunctionConfigurations: [kept, added], ...rest } }] = done.sent('PutBucketNotificationConfiguration');
  assert.deepEqual([Bucket, kept, rest], ['bu.cket', theirs, { TopicConfigurations: [{ Id: 'topic' }] }]);
  assert.match(added.Id, /^fn-[a-f0-9]{32}$/);
  assert.deepEqual([added.Events, added.LambdaFunctionArn], [['s3:ObjectRemoved:*'], `${ARN}fn:live`]);
  assert.deepEqual(added.Filter, { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/' }, { Name: 'suffix', Value: '.txt' }] } });
});

test('a permission that is left from before is replaced', async () => {
  let there = true;
  const done = await run('s3', {
    GetBucketNotificationConfiguration: bucket(),
    AddPermission: () => { if (there) throw failure('ResourceConflictException'); return {}; },
    RemovePermission: () => { there = false; return {}; },
  }, { RequestType: 'Create', ResourceProperties: s3() });
  succeeded(done, 'CustomResourceExistingS3');
  assert.equal(done.sent('AddPermission').length, 2);
});

test('S3 is asked again while the permission has not arrived there', async () => {
  let attempts = 0;
  const done = await run('s3', {
    GetBucketNotificationConfiguration: bucket(),
    PutBucketNotificationConfiguration: () => {
      attempts += 1;
      if (attempts < 3) throw failure('InvalidArgument', 'Unable to validate the following destination configurations');
      return {};
    },
  }, { RequestType: 'Create', ResourceProperties: s3() });
  succeeded(done, 'CustomResourceExistingS3');
  assert.equal(attempts, 3);
});

test('an update replaces the own notifications and asks for no second permission', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: bucket(theirs, own('fn')) }, {
    RequestType: 'Update', ResourceProperties: s3({ BucketConfigs: [{ Event: 's3:ObjectCreated:Put' }] }), OldResourceProperties: s3(),
  });
  succeeded(done, 'CustomResourceExistingS3');
  assert.equal(done.sent('AddPermission').length + done.sent('RemovePermission').length, 0);
  const [{ NotificationConfiguration }] = done.sent('PutBucketNotificationConfiguration');
  assert.deepEqual(NotificationConfiguration.LambdaFunctionConfigurations.map(({ Events }) => Events[0]), ['s3:ObjectCreated:*', 's3:ObjectCreated:Put']);
});

test('an update to another bucket leaves the old one as it was before', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: ({ Bucket }) => (Bucket === 'old' ? bucket(theirs, own('fn'))() : bucket()()) }, {
    RequestType: 'Update', ResourceProperties: s3(), OldResourceProperties: s3({ BucketName: 'old' }),
  });
  succeeded(done, 'CustomResourceExistingS3');
  const puts = done.sent('PutBucketNotificationConfiguration');
  assert.deepEqual(puts.map(({ Bucket }) => Bucket), ['bu.cket', 'old']);
  assert.deepEqual(puts[1].NotificationConfiguration.LambdaFunctionConfigurations, [theirs]);
  assert.deepEqual(done.sent('AddPermission').map(({ StatementId }) => StatementId), ['fn-bucket']);
  assert.deepEqual(done.sent('RemovePermission').map(({ StatementId }) => StatementId), ['fn-old']);
});

test('a removal takes the own notifications and the permission away', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: bucket(own('fn'), theirs, own('fn-2')) }, { RequestType: 'Delete', ResourceProperties: s3() });
  succeeded(done, 'CustomResourceExistingS3');
  assert.deepEqual(done.sent('RemovePermission'), [{ FunctionName: 'fn', StatementId: 'fn-bucket' }]);
  const [{ NotificationConfiguration }] = done.sent('PutBucketNotificationConfiguration');
  assert.deepEqual(NotificationConfiguration.LambdaFunctionConfigurations, [theirs, own('fn-2')]);
});

test('neither a bucket nor a permission that is gone keeps the stack from being removed', async () => {
  const done = await run('s3', {
    RemovePermission: () => { throw failure('ResourceNotFoundException'); },
    GetBucketNotificationConfiguration: () => { throw failure('NoSuchBucket'); },
  }, { RequestType: 'Delete', ResourceProperties: s3() });
  succeeded(done, 'CustomResourceExistingS3');
});

test('what AWS refuses is told to CloudFormation', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: () => { throw failure('AccessDenied', 'no s3:GetBucketNotification'); } }, { RequestType: 'Create', ResourceProperties: s3() });
  failed(done, /no s3:GetBucketNotification/);
});

test('CloudFormation gets an answer before the time of the function is over', async () => {
  const done = await run('s3', { GetBucketNotificationConfiguration: () => new Promise(() => {}) }, { RequestType: 'Create', ResourceProperties: s3() }, 5000);
  failed(done, /ran out of time/);
});

test('an unknown request is refused', async () => {
  failed(await run('s3', {}, { RequestType: 'Read', ResourceProperties: s3() }), /Unknown request type Read/);
});

// ---- user pools

const pools = (triggers, more) => ({
  ListUserPools: ({ NextToken }) => (NextToken ? { UserPools: [{ Id: 'eu_1', Name: 'People' }] } : { UserPools: [{ Id: 'eu_0', Name: 'Others' }], NextToken: 'more' }),
  DescribeUserPool: ({ UserPoolId }) => ({ UserPool: { Id: UserPoolId, Name: 'People', Arn: 'arn', MfaConfiguration: 'OFF', LambdaConfig: triggers, ...more } }),
});
const cognito = (more) => ({ FunctionName: 'fn', UserPoolName: 'People', UserPoolConfigs: [{ Trigger: 'PreSignUp' }], ...more });

test('triggers are added to a pool found by its name, and its other settings are kept', async () => {
  const behaviour = pools({ PostConfirmation: `${ARN}theirs` }, {
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 7 },
    Policies: { PasswordPolicy: { MinimumLength: 8 } },
  });
  const configs = [{ Trigger: 'PreSignUp' }, { Trigger: 'CustomEmailSender', LambdaVersion: 'V1_0', KMSKeyID: 'key' }, { Trigger: 'PreTokenGeneration', LambdaVersion: 'V2_0' }];
  const done = await run('cognito-user-pool', behaviour, { RequestType: 'Create', ResourceProperties: cognito({ UserPoolConfigs: configs }) });
  succeeded(done, 'CustomResourceExistingCognitoUserPool');
  assert.deepEqual(done.sent('AddPermission'), [{
    FunctionName: 'fn', StatementId: 'fn-people', Action: 'lambda:InvokeFunction', Principal: 'cognito-idp.amazonaws.com',
    SourceArn: `arn:aws:cognito-idp:eu-west-1:${ACCOUNT}:userpool/eu_1`,
  }]);
  assert.deepEqual(done.sent('UpdateUserPool'), [{
    UserPoolId: 'eu_1',
    MfaConfiguration: 'OFF',
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    Policies: { PasswordPolicy: { MinimumLength: 8, TemporaryPasswordValidityDays: 7 } },
    LambdaConfig: {
      PostConfirmation: `${ARN}theirs`,
      PreSignUp: `${ARN}fn`,
      CustomEmailSender: { LambdaArn: `${ARN}fn`, LambdaVersion: 'V1_0' },
      KMSKeyID: 'key',
      PreTokenGenerationConfig: { LambdaArn: `${ARN}fn`, LambdaVersion: 'V2_0' },
    },
  }]);
});

test('an update takes triggers away that are no longer wanted', async () => {
  const before = { PreSignUp: `${ARN}fn`, PostConfirmation: `${ARN}theirs`, CustomSMSSender: { LambdaArn: `${ARN}fn`, LambdaVersion: 'V1_0' }, KMSKeyID: 'key' };
  const done = await run('cognito-user-pool', pools(before), {
    RequestType: 'Update', ResourceProperties: cognito({ UserPoolConfigs: [{ Trigger: 'PreAuthentication' }] }), OldResourceProperties: cognito(),
  });
  succeeded(done, 'CustomResourceExistingCognitoUserPool');
  assert.deepEqual(done.sent('UpdateUserPool')[0].LambdaConfig, { PostConfirmation: `${ARN}theirs`, PreAuthentication: `${ARN}fn` });
  assert.equal(done.sent('AddPermission').length, 0);
});

test('an update to another alias takes the triggers along', async () => {
  const done = await run('cognito-user-pool', pools({ PreSignUp: `${ARN}fn` }), {
    RequestType: 'Update', ResourceProperties: cognito({ FunctionQualifier: 'live' }), OldResourceProperties: cognito(),
  });
  succeeded(done, 'CustomResourceExistingCognitoUserPool');
  assert.deepEqual(done.sent('UpdateUserPool')[0].LambdaConfig, { PreSignUp: `${ARN}fn:live` });
  assert.deepEqual(done.sent('AddPermission').map(({ Qualifier }) => Qualifier), ['live']);
  assert.deepEqual(done.sent('RemovePermission'), [{ FunctionName: 'fn', StatementId: 'fn-people' }]);
});

test('a removal takes the own triggers away', async () => {
  const done = await run('cognito-user-pool', pools({ PreSignUp: `${ARN}fn`, PostConfirmation: `${ARN}theirs` }), { RequestType: 'Delete', ResourceProperties: cognito() });
  succeeded(done, 'CustomResourceExistingCognitoUserPool');
  assert.deepEqual(done.sent('UpdateUserPool')[0].LambdaConfig, { PostConfirmation: `${ARN}theirs` });
  assert.deepEqual(done.sent('RemovePermission').map(({ StatementId }) => StatementId), ['fn-people']);
});

test('a pool that is not there fails a creation and not a removal', async () => {
  const properties = cognito({ UserPoolName: 'Nobody' });
  failed(await run('cognito-user-pool', pools({}), { RequestType: 'Create', ResourceProperties: properties }), /no user pool named "Nobody"/);
  succeeded(await run('cognito-user-pool', pools({}), { RequestType: 'Delete', ResourceProperties: properties }), 'CustomResourceExistingCognitoUserPool');
});

// ---- rules

const rule = (config) => ({ FunctionName: 'fn', EventBridgeConfig: { RuleName: 'Rule-1', State: 'ENABLED', Pattern: { source: ['a'] }, ...config } });

test('a rule is made on a bus of its own', async () => {
  const done = await run('event-bridge', {}, { RequestType: 'Create', ResourceProperties: rule({ EventBus: 'mine', Input: { a: 1 } }) });
  succeeded(done, 'CustomResourceEventBridge');
  assert.deepEqual(done.calls.map(([operation]) => operation), ['AddPermission', 'CreateEventBus', 'PutRule', 'RemoveTargets', 'PutTargets']);
  assert.equal(done.sent('AddPermission')[0].SourceArn, `arn:aws:events:eu-west-1:${ACCOUNT}:rule/mine/Rule-1`);
  assert.deepEqual(done.sent('PutRule'), [{ Name: 'Rule-1', EventBusName: 'mine', EventPattern: '{"source":["a"]}', State: 'ENABLED' }]);
  assert.deepEqual(done.sent('PutTargets'), [{ Rule: 'Rule-1', EventBusName: 'mine', Targets: [{ Arn: `${ARN}fn`, Id: 'Rule-1-target', Input: '{"a":1}' }] }]);
});

test('a bus that is given by its ARN is neither made nor removed', async () => {
  const properties = rule({ EventBus: `arn:aws:events:eu-west-1:${ACCOUNT}:event-bus/theirs` });
  const made = await run('event-bridge', {}, { RequestType: 'Create', ResourceProperties: properties });
  const removed = await run('event-bridge', {}, { RequestType: 'Delete', ResourceProperties: properties });
  assert.equal(made.sent('PutRule')[0].EventBusName, 'theirs');
  assert.deepEqual(removed.calls.map(([operation]) => operation), ['RemovePermission', 'RemoveTargets', 'DeleteRule']);
  assert.equal(made.sent('CreateEventBus').length, 0);
});

test('an update of a rule replaces its target', async () => {
  const done = await run('event-bridge', {}, { RequestType: 'Update', ResourceProperties: rule({ Pattern: undefined, Schedule: 'rate(1 hour)', InputPath: '$.a' }) });
  succeeded(done, 'CustomResourceEventBridge');
  assert.deepEqual(done.sent('PutRule'), [{ Name: 'Rule-1', ScheduleExpression: 'rate(1 hour)', State: 'ENABLED' }]);
  assert.deepEqual(done.sent('PutTargets')[0].Targets, [{ Arn: `${ARN}fn`, Id: 'Rule-1-target', InputPath: '$.a' }]);
});

test('a removal takes rule, target, permission and bus away, and bears that some are gone', async () => {
  const gone = () => { throw failure('ResourceNotFoundException'); };
  const done = await run('event-bridge', { RemovePermission: gone, RemoveTargets: gone, DeleteRule: gone }, { RequestType: 'Delete', ResourceProperties: rule({ EventBus: 'mine' }) });
  succeeded(done, 'CustomResourceEventBridge');
  assert.deepEqual(done.sent('DeleteEventBus'), [{ Name: 'mine' }]);
});

// ---- the account's role for API logs

const role = `arn:aws:iam::${ACCOUNT}:role/serverlessApiGatewayCloudWatchRole`;
const policy = 'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs';

test('a role for API logs is made and assigned where there is none', async () => {
  let attempts = 0;
  const done = await run('api-gateway-cloud-watch-role', {
    ListAttachedRolePolicies: () => { throw failure('NoSuchEntityException'); },
    UpdateAccount: () => { attempts += 1; if (attempts < 2) throw failure('BadRequestException', 'The role ARN does not have required permissions'); return {}; },
  }, { RequestType: 'Create', ResourceProperties: {} });
  succeeded(done, 'CustomResourceApiGatewayAccountCloudWatchRole');
  assert.equal(done.sent('CreateRole')[0].RoleName, 'serverlessApiGatewayCloudWatchRole');
  assert.deepEqual(done.sent('AttachRolePolicy'), [{ PolicyArn: policy, RoleName: 'serverlessApiGatewayCloudWatchRole' }]);
  assert.deepEqual(done.sent('UpdateAccount').at(-1), { patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: role }] });
});

test('a role for API logs that is assigned already stays', async () => {
  const done = await run('api-gateway-cloud-watch-role', {
    GetAccount: () => ({ cloudwatchRoleArn: role }),
    ListAttachedRolePolicies: () => ({ AttachedPolicies: [{ PolicyArn: policy }] }),
  }, { RequestType: 'Update', ResourceProperties: {} });
  succeeded(done, 'CustomResourceApiGatewayAccountCloudWatchRole');
  assert.deepEqual([done.sent('CreateRole'), done.sent('AttachRolePolicy'), done.sent('UpdateAccount')], [[], [], []]);
});

test('the role for API logs that the manifest names is assigned, and none is made', async () => {
  const done = await run('api-gateway-cloud-watch-role', { GetAccount: () => ({}) }, { RequestType: 'Create', ResourceProperties: { RoleArn: 'arn:theirs' } });
  succeeded(done, 'CustomResourceApiGatewayAccountCloudWatchRole');
  assert.deepEqual(done.calls.map(([operation]) => operation), ['GetAccount', 'UpdateAccount']);
});

test('the role for API logs outlives the stack, for the other APIs of the account', async () => {
  const done = await run('api-gateway-cloud-watch-role', {}, { RequestType: 'Delete', ResourceProperties: {} });
  succeeded(done, 'CustomResourceApiGatewayAccountCloudWatchRole');
  assert.deepEqual(done.calls, []);
});
