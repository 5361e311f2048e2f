// What the tools that compare with osls have in common: where it is, where rlx is, and chance that can be repeated.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const VERSION = '4.3.1';
const ROOT = path.resolve(__dirname, '..');
const WORK = process.env.WORK || path.join(os.homedir(), '.cache/rlx-compare');
const MODULES = path.join(WORK, 'node_modules/osls');

if (!fs.existsSync(MODULES)) {
  fs.mkdirSync(WORK, { recursive: true });
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', WORK, `osls@${VERSION}`]);
}
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', CI: '1', NO_COLOR: '1' });

module.exports = {
  ROOT,
  RLX: path.resolve(process.env.RLX || path.join(ROOT, 'target/release/rlx')),
  // A module of osls, such as `lib/serverless`.
  osls: (name) => require(path.join(MODULES, name)),
  // A random number generator (mulberry32).
  generator: (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  },
  pick: (random, list) => list[Math.floor(random() * list.length)],
};
