'use strict';
// The role by which API Gateway writes logs: one per account and region, shared by all its APIs.
const { APIGatewayClient, GetAccountCommand, UpdateAccountCommand } = require('@aws-sdk/client-api-gateway');
const {
  IAMClient,
  ListAttachedRolePoliciesCommand,
  CreateRoleCommand,
  AttachRolePolicyCommand,
} = require('@aws-sdk/client-iam');
const { clientOptions, forgiving, handler, retry } = require('../common');

const ROLE = 'serverlessApiGatewayCloudWatchRole';
const gateway = new APIGatewayClient(clientOptions);
const iam = new IAMClient(clientOptions);

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: ['apigateway.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
});

const ensureRole = async ({ partition, account }) => {
  const policy = `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`;
  let attached = await forgiving(['NoSuchEntity', 'NoSuchEntityException'], () =>
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName: ROLE }))
  );
  if (!attached) {
    await iam.send(new CreateRoleCommand({ AssumeRolePolicyDocument: trust, Path: '/', RoleName: ROLE }));
    attached = { AttachedPolicies: [] };
  }
  if (!attached.AttachedPolicies.some(({ PolicyArn }) => PolicyArn === policy)) {
    await iam.send(new AttachRolePolicyCommand({ PolicyArn: policy, RoleName: ROLE }));
  }
  return `arn:${partition}:iam::${account}:role/${ROLE}`;
};

const assign = async ({ ResourceProperties: { RoleArn } }, place) => {
  const { cloudwatchRoleArn } = await gateway.send(new GetAccountCommand({}));
  const role = RoleArn || (await ensureRole(place));
  if (role === cloudwatchRoleArn) return;
  const patchOperations = [{ op: 'replace', path: '/cloudwatchRoleArn', value: role }];
  // A role that was just made is refused for a while, by an error that does not call itself temporary.
  await retry(
    () => gateway.send(new UpdateAccountCommand({ patchOperations })),
    () => true,
    { attempts: 10, pause: 10000 }
  );
};

module.exports.handler = handler('CustomResourceApiGatewayAccountCloudWatchRole', {
  Create: assign,
  Update: assign,
  // Other APIs of the account may use the role: it stays.
  Delete: async () => {},
});
