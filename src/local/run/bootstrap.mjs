// Hands one event from Lambda's runtime API to a Node.js handler.
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, where, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, path: `/2018-06-01/runtime${where}`, agent: false },
      (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(chunks).toString() }));
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function failure(error, kind) {
  const text = error instanceof Error ? error : { name: typeof error, message: String(error), stack: "" };
  return JSON.stringify({
    errorType: kind ?? text.name,
    errorMessage: text.message,
    stackTrace: String(text.stack ?? "")
      .split("\n")
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => !line.includes("[eval1]") && !line.includes("(node:internal")),
  });
}

async function load() {
  const given = env._HANDLER;
  const folder = path.dirname(given);
  const base = path.basename(given);
  const dot = base.indexOf(".");
  const file = path.resolve(env.LAMBDA_TASK_ROOT, folder, base.slice(0, dot));
  const found = ["", ".js", ".mjs", ".cjs"].map((end) => file + end).find((name) => existsSync(name));
  if (!found) throw Object.assign(new Error(`Cannot find module '${given}'`), { name: "Runtime.ImportModuleError" });
  const module = await import(pathToFileURL(found).href);
  const pick = (from) => base.slice(dot + 1).split(".").reduce((value, name) => value?.[name], from);
  const handler = pick(module) ?? pick(module.default);
  if (typeof handler !== "function") {
    throw Object.assign(new Error(`${given} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// A handler answers by a promise or, up to Node.js 22, by a callback.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const done = (error, value) => (error ? reject(error) : resolve(value));
    Object.assign(context, { done, succeed: resolve, fail: reject });
    // Nothing is left to do, and nobody answered: Lambda takes that for null.
    process.once("beforeExit", () => resolve(null));
    const answer = handler(event, context, done);
    if (typeof answer?.then === "function") answer.then(resolve, reject);
    else if (handler.length < 3 && answer !== undefined) resolve(answer);
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  await call("POST", "/init/error", failure(error));
  process.exit(1);
}
const { headers, body } = await call("GET", "/invocation/next");
const where = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
try {
  const answer = await run(handler, JSON.parse(body), contextOf(headers));
  await call("POST", `${where}/response`, JSON.stringify(answer ?? null));
} catch (error) {
  await call("POST", `${where}/error`, failure(error));
}
process.exit(0);
