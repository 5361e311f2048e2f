// Runs inside node: loads one configuration file and tells its value, line by line as JSON on stdout.
// rlx answers questions (variables, properties) on stdin.
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { createRequire } = require('module');
const { isModuleNamespaceObject: isNamespace } = require('util').types;

const [mark, file, request] = process.argv.slice(1);
const { mode, address, options } = JSON.parse(request);
// Files that look at the command line themselves see one as the framework has it.
const flag = ([name, value]) => [].concat(value).flatMap((item) => (item === true ? [`--${name}`] : [`--${name}`, String(item)]));
process.argv = [process.argv[0], 'serverless', ...Object.entries(options).flatMap(flag)];
const write = process.stdout.write.bind(process.stdout);
// What the file prints is for people, not part of the conversation.
process.stdout.write = process.stderr.write.bind(process.stderr);

const tell = (message, then) => write(`${mark}${JSON.stringify(message)}\n`, then);
const finish = (message) => tell(message, () => process.exit(0));

const pending = new Map();
let asked = 0;
const ask = (kind, subject) =>
  new Promise((resolve, reject) => {
    asked += 1;
    pending.set(asked, { resolve, reject });
    tell({ ask: asked, kind, subject });
  });
require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { answer, value, error } = JSON.parse(line);
    const { resolve, reject } = pending.get(answer);
    pending.delete(answer);
    if (error == null) resolve(value);
    else reject(Object.assign(new Error(error), { isRlx: true }));
  });

const context = {
  options,
  resolveVariable: (text) => ask('variable', String(text)),
  resolveConfigurationProperty: (keys) => ask('property', [].concat(keys).map(String)),
};

const isEsm = (error) => ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error && error.code);

// What a module means to export: `default`, where it has one.
const exported = (content) => (content && content.default) || content;

// Bundles TypeScript with the project's esbuild, which knows tsconfig.json, and runs it where it stands.
const bundled = async (esbuild, require) => {
  const places = {
    name: 'places',
    setup: (build) =>
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, ({ path: at }) => ({
        contents: `const __filename = ${JSON.stringify(at)}, __dirname = ${JSON.stringify(path.dirname(at))};\n${fs.readFileSync(at, 'utf8')}`,
        loader: path.extname(at).replace(/^\.[cm]?/, ''),
      })),
  };
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    absWorkingDir: path.dirname(file),
    bundle: true,
    format: 'cjs',
    logLevel: 'silent',
    packages: 'external',
    platform: 'node',
    plugins: [places],
    target: `node${process.versions.node}`,
    write: false,
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(module, module.exports, require);
  return module.exports;
};

const load = async () => {
  const require = createRequire(file);
  const imported = async () => (await import(pathToFileURL(file).href)).default;
  // What is installed beside the service.
  const installed = (name) => {
    try {
      return require(name);
    } catch {
      return null;
    }
  };
  if (/\.[cm]?ts$/.test(file)) {
    const tsx = installed('tsx/cjs/api');
    if (tsx) return exported(tsx.require(file, file));
    const tsNode = installed('ts-node');
    if (tsNode) {
      tsNode.register();
      return exported(require(file));
    }
    const esbuild = installed('esbuild');
    if (esbuild) return exported(await bundled(esbuild, require));
    if (process.features.typescript) return exported(await import(pathToFileURL(file).href));
    if (process.allowedNodeEnvironmentFlags.has('--experimental-strip-types')) {
      finish({ flag: '--experimental-strip-types' });
      return new Promise(() => {});
    }
    throw Object.assign(
      new Error(
        `node ${process.version} reads no TypeScript: take node 22.6 or later, or \`npm install\` tsx, ts-node or esbuild beside it`
      ),
      { isRlx: true }
    );
  }
  if (file.endsWith('.mjs')) return imported();
  try {
    const content = require(file);
    return isNamespace(content) ? exported(content) : content;
  } catch (error) {
    if (isEsm(error)) return imported();
    throw error;
  }
};

// Whether JSON holds all of it.
const isPlain = (value, seen = new Set()) => {
  if (typeof value === 'function') return false;
  if (value === null || typeof value !== 'object') return true;
  if (typeof value.then === 'function' || require('util').types.isProxy(value)) return false;
  if (seen.has(value)) return true;
  seen.add(value);
  return Object.values(value).every((item) => isPlain(item, seen));
};

const canFollow = (value, key) =>
  Object.prototype.hasOwnProperty.call(value, key) || require('util').types.isProxy(value);

(async () => {
  let value = await load();
  let called = false;
  const call = async () => {
    if (typeof value === 'function' && !called) {
      called = true;
      value = value(context);
    }
    value = await value;
  };
  if (mode === 'file' && typeof value !== 'function' && isPlain(value)) return finish({ content: value ?? null });
  await call();
  for (const key of address == null ? [] : address.split('.')) {
    if (typeof value === 'string') value = await ask('string', value);
    if (value == null || !canFollow(value, key)) return finish({ value: null });
    value = value[key];
    await call();
  }
  if (typeof value === 'function') throw Object.assign(new Error('it is a function inside what a function gave'), { isRlx: true });
  return finish({ value: value ?? null });
})().catch((error) => {
  const known = error instanceof Error || (error && error.stack);
  const text = known ? error.message : require('util').inspect(error);
  // A module that is missing comes with all files on the way to it.
  const isMissing = known && error.code === 'MODULE_NOT_FOUND' && !String(error.message).startsWith(`Cannot find module '.`);
  const message = isMissing ? `${String(text).split('\n')[0]}: is it installed (\`npm install\`)?` : text;
  const frames = known && !error.isRlx ? String(error.stack).split('\n').filter((line) => /^\s+at |^\//.test(line)) : [];
  const own = frames.find((line) => line.includes(path.dirname(file)));
  finish({ error: String(message), at: own ? own.trim() : null });
});
