'use strict';
// Notifications of a bucket that exists outside the stack.
const { createHash } = require('node:crypto');
const {
  S3Client,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} = require('@aws-sdk/client-s3');
const { allow, clientOptions, deny, forgiving, functionArn, handler, retry, statementId } = require('../common');

const s3 = new S3Client(clientOptions);

const permission = ({ FunctionName, FunctionQualifier, BucketName }) => ({
  FunctionName,
  Qualifier: FunctionQualifier,
  StatementId: statementId(FunctionName, BucketName.replace(/[.:*]/g, '')),
});

// A notification belongs to a function when its id is the function's name and a hash.
const belongsTo = (functionName) => ({ Id = '' }) =>
  Id.startsWith(`${functionName}-`) && /^[a-f0-9]{32}$/.test(Id.slice(functionName.length + 1));

const notification = (properties, place) => (config) => {
  const rules = (config.Rules || []).map((rule) => {
    const [[name, value]] = Object.entries(rule);
    return { Name: name.toLowerCase(), Value: value };
  });
  const hash = createHash('md5').update(JSON.stringify(config)).digest('hex');
  return {
    Id: `${properties.FunctionName}-${hash}`,
    Events: [config.Event],
    LambdaFunctionArn: functionArn(place, properties.FunctionName, properties.FunctionQualifier),
    Filter: rules.length ? { Key: { FilterRules: rules } } : undefined,
  };
};

// Replaces the notifications of `functionNames` in a bucket.
const replace = async (bucket, functionNames, added) => {
  const { $metadata, ...current } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }));
  const kept = (current.LambdaFunctionConfigurations || []).filter(
    (configuration) => !functionNames.some((name) => belongsTo(name)(configuration))
  );
  const put = () =>
    s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: { ...current, LambdaFunctionConfigurations: [...kept, ...added] },
      })
    );
  // S3 tries the permission, which takes a moment to arrive everywhere.
  const isTooEarly = (error) => /unable to validate the following destination/i.test(error.message);
  await retry(put, isTooEarly, { attempts: 8, pause: 3000 });
};

// The bucket may be gone, or no longer in this role's policy: neither keeps a stack from being removed.
const clear = (properties) =>
  forgiving(['NoSuchBucket', 'AccessDenied'], () => replace(properties.BucketName, [properties.FunctionName], []));

const grant = (properties, { partition, account }) =>
  allow({
    ...permission(properties),
    Principal: 's3.amazonaws.com',
    SourceArn: `arn:${partition}:s3:::${properties.BucketName}`,
    SourceAccount: account,
  });

const same = (a, b, ...keys) => keys.every((key) => a[key] === b[key]);

module.exports.handler = handler('CustomResourceExistingS3', {
  async Create({ ResourceProperties: properties }, place) {
    await grant(properties, place);
    await replace(properties.BucketName, [properties.FunctionName], properties.BucketConfigs.map(notification(properties, place)));
  },
  async Update({ ResourceProperties: properties, OldResourceProperties: old }, place) {
    const moved = old && !same(properties, old, 'FunctionName', 'FunctionQualifier', 'BucketName');
    if (moved) await grant(properties, place);
    const owners = old ? [properties.FunctionName, old.FunctionName] : [properties.FunctionName];
    await replace(properties.BucketName, owners, properties.BucketConfigs.map(notification(properties, place)));
    if (!moved) return;
    if (!same(properties, old, 'BucketName')) await clear(old);
    if (!same(permission(properties), permission(old), 'FunctionName', 'Qualifier', 'StatementId')) await deny(permission(old));
  },
  async Delete({ ResourceProperties: properties }) {
    await deny(permission(properties));
    await clear(properties);
  },
});
