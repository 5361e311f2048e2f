// Calls the functions of targets.json, each as often at a time as it asks for, so that they stay warm.
import { readFileSync } from 'node:fs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

const { functions, verbose } = JSON.parse(readFileSync(new URL('./targets.json', import.meta.url), 'utf8'));
const lambda = new LambdaClient({ requestHandler: { connectionTimeout: 1000 } });
const say = (text) => verbose && console.log(text);

// The warmer's own environment wins over the number that was deployed.
const concurrencyOf = ({ name, concurrency }) => {
  const own = process.env[`WARMUP_CONCURRENCY_${name.toUpperCase().replaceAll('-', '_')}`];
  return Number.parseInt(own || process.env.WARMUP_CONCURRENCY || concurrency, 10) || 0;
};

const warm = async (target) => {
  const concurrency = concurrencyOf(target);
  const invoke = new InvokeCommand({
    FunctionName: target.name,
    Qualifier: target.alias || process.env.SERVERLESS_ALIAS,
    InvocationType: 'RequestResponse',
    LogType: 'None',
    ClientContext: target.clientContext && Buffer.from(`{"custom":${target.clientContext}}`).toString('base64'),
    Payload: target.payload,
  });
  try {
    await Promise.all(Array.from({ length: concurrency }, () => lambda.send(invoke)));
    say(`${target.name} is warm: ${concurrency} at a time`);
    return true;
  } catch (error) {
    console.error(`${target.name} could not be called`, error);
    return false;
  }
};

export const warmUp = async () => {
  const results = await Promise.all(functions.map(warm));
  say(`${results.filter(Boolean).length} of ${results.length} functions are warm`);
};
