'use strict';
// Rules and buses of EventBridge, made by a custom resource (`provider.eventBridge.useCloudFormation: false`).
const { createHash } = require('node:crypto');
const {
  EventBridgeClient,
  CreateEventBusCommand,
  DeleteEventBusCommand,
  PutRuleCommand,
  DeleteRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} = require('@aws-sdk/client-eventbridge');
const { allow, clientOptions, deny, forgiving, functionArn, handler, statementId } = require('../common');

const events = new EventBridgeClient(clientOptions);
const isArn = (bus) => bus.startsWith('arn');
const busName = (bus) => (bus && isArn(bus) ? bus.slice(bus.indexOf('/') + 1) : bus || undefined);

// At most 64 characters.
const targetId = (rule) => {
  const id = `${rule}-target`;
  return id.length > 64 ? `${id.slice(0, 25)}${createHash('md5').update(id).digest('hex')}-target` : id;
};

const permission = ({ FunctionName, EventBridgeConfig: { RuleName } }) => ({
  FunctionName,
  StatementId: statementId(FunctionName, RuleName.toLowerCase().replace(/[.:*]/g, '')),
});

const removeTarget = ({ RuleName, EventBus }) =>
  forgiving(['ResourceNotFoundException'], () =>
    events.send(new RemoveTargetsCommand({ Ids: [targetId(RuleName)], Rule: RuleName, EventBusName: busName(EventBus) }))
  );

const input = ({ Input, InputPath, InputTransformer }) => {
  if (Input) return { Input: JSON.stringify(Input) };
  if (InputPath) return { InputPath };
  return InputTransformer ? { InputTransformer } : {};
};

const put = async ({ FunctionName, EventBridgeConfig: config }, place) => {
  const EventBusName = busName(config.EventBus);
  await events.send(
    new PutRuleCommand({
      Name: config.RuleName,
      EventBusName,
      EventPattern: config.Pattern && JSON.stringify(config.Pattern),
      ScheduleExpression: config.Schedule,
      State: config.State,
    })
  );
  await removeTarget(config);
  const target = { Arn: functionArn(place, FunctionName), Id: targetId(config.RuleName), ...input(config) };
  await events.send(new PutTargetsCommand({ Rule: config.RuleName, EventBusName, Targets: [target] }));
};

module.exports.handler = handler('CustomResourceEventBridge', {
  async Create({ ResourceProperties: properties }, place) {
    const { RuleName, EventBus } = properties.EventBridgeConfig;
    const { partition, region, account } = place;
    const rule = EventBus ? `${busName(EventBus)}/${RuleName}` : RuleName;
    await allow({
      ...permission(properties),
      Principal: 'events.amazonaws.com',
      SourceArn: `arn:${partition}:events:${region}:${account}:rule/${rule}`,
    });
    if (EventBus && !isArn(EventBus)) {
      await forgiving(['ResourceAlreadyExistsException'], () => events.send(new CreateEventBusCommand({ Name: EventBus })));
    }
    await put(properties, place);
  },
  Update: ({ ResourceProperties: properties }, place) => put(properties, place),
  async Delete({ ResourceProperties: properties }) {
    const { RuleName, EventBus } = properties.EventBridgeConfig;
    await deny(permission(properties));
    await removeTarget(properties.EventBridgeConfig);
    await forgiving(['ResourceNotFoundException'], () =>
      events.send(new DeleteRuleCommand({ Name: RuleName, EventBusName: busName(EventBus) }))
    );
    if (EventBus && !isArn(EventBus)) await events.send(new DeleteEventBusCommand({ Name: EventBus }));
  },
});
