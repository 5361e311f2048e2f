'use strict';
// What all custom resources share: the answer to CloudFormation, ARNs, permissions.
const https = require('node:https');
const { LambdaClient, AddPermissionCommand, RemovePermissionCommand } = require('@aws-sdk/client-lambda');

const clientOptions = { maxAttempts: 8 };
const lambda = new LambdaClient(clientOptions);

const named = (error, ...names) => [error.name, error.Code, error.code].some((name) => names.includes(name));

// Runs `task` and forgives errors of these names.
const forgiving = async (names, task) => {
  try {
    return await task();
  } catch (error) {
    if (!named(error, ...names)) throw error;
    return undefined;
  }
};

// Partition, region and account, from the ARN of the running function.
const where = (context) => {
  const [, partition, , region, account] = context.invokedFunctionArn.split(':');
  return { partition, region, account };
};

const functionArn = ({ partition, region, account }, name, qualifier) =>
  `arn:${partition}:lambda:${region}:${account}:function:${name}${qualifier ? `:${qualifier}` : ''}`;

const deny = (permission) =>
  forgiving(['ResourceNotFoundException'], () =>
    lambda.send(
      new RemovePermissionCommand({
        FunctionName: permission.FunctionName,
        Qualifier: permission.Qualifier || undefined,
        StatementId: permission.StatementId,
      })
    )
  );

// Adds a permission, and replaces one of the same id that is there already.
const allow = async (permission) => {
  const command = () =>
    lambda.send(
      new AddPermissionCommand({
        ...permission,
        Qualifier: permission.Qualifier || undefined,
        Action: 'lambda:InvokeFunction',
      })
    );
  try {
    await command();
  } catch (error) {
    if (!named(error, 'ResourceConflictException')) throw error;
    await deny(permission);
    await command();
  }
};

const statementId = (functionName, source) => `${functionName}-${source}`.slice(0, 100);

const answer = (event, context, id, status, reason) => {
  const body = JSON.stringify({
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    PhysicalResourceId: id,
    Status: status,
    Reason: reason && `${reason} See details in CloudWatch Log: ${context.logStreamName}`,
    Data: {},
  });
  const { hostname, port, pathname, search } = new URL(event.ResponseURL);
  const headers = { 'Content-Type': '', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = https.request({ hostname, port: port || 443, path: pathname + search, method: 'PUT', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(body);
  });
};

// A Lambda handler from `{Create, Update, Delete}`; CloudFormation always gets its answer.
const handler = (id, operations) => async (event, context) => {
  try {
    const operation = operations[event.RequestType];
    if (!operation) throw new Error(`Unknown request type ${event.RequestType}.`);
    await operation(event, where(context));
  } catch (error) {
    console.error(error);
    await answer(event, context, id, 'FAILED', error.message);
    throw error;
  }
  await answer(event, context, id, 'SUCCESS');
};

module.exports = { allow, clientOptions, deny, forgiving, functionArn, handler, named, statementId };
