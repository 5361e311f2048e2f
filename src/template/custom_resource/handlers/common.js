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

// Left for the answer before Lambda ends the function, in milliseconds.
const ANSWER_TIME = 5000;

const withinTime = (task, context) => {
  let timer;
  const limit = new Promise((_, reject) => {
    const left = context.getRemainingTimeInMillis() - ANSWER_TIME;
    timer = setTimeout(() => reject(new Error('The custom resource ran out of time.')), left);
  });
  return Promise.race([task, limit]).finally(() => clearTimeout(timer));
};

// Calls again while `isTransient` says that the error will pass.
const retry = async (task, isTransient, { attempts, pause }) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await task();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
};

// A Lambda handler from `{Create, Update, Delete}`; CloudFormation always gets its answer.
// A failure is not thrown on: Lambda would run the operation again, after the stack has rolled back.
const handler = (id, operations) => async (event, context) => {
  let failure;
  try {
    const operation = operations[event.RequestType];
    if (!operation) throw new Error(`Unknown request type ${event.RequestType}.`);
    await withinTime(operation(event, where(context)), context);
  } catch (error) {
    console.error(error);
    failure = error;
  }
  await answer(event, context, id, failure ? 'FAILED' : 'SUCCESS', failure && failure.message);
};

module.exports = { allow, clientOptions, deny, forgiving, functionArn, handler, named, retry, statementId };
