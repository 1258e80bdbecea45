#!/usr/bin/env node
// The only file that runs before the packages are installed: it imports nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const fail = (message, hint) => {
  process.stderr.write(`error: ${message}\n  → ${hint}\n`);
  process.exit(1);
};

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${process.versions.node} is too old`,
    'Install Node 20.19 or newer and run the same command again.',
  );
}

/**
 * Installs what the lockfile names, only when it changed since the last time. Not `npm ci`: it refuses a lockfile without entries
 * for the other platforms' optional binaries, which a registry need not carry.
 */
const installPackages = () => {
  const stamp = join(root, 'node_modules', '.ecommerce-platform-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('→ Installing packages, about a minute\n');
  const started = Date.now();
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (npm.error) fail(`npm cannot be started: ${npm.error.message}`, 'Install npm 11 or newer.');
  if (npm.status !== 0) {
    fail(
      'npm install failed, see above',
      'Check the network and free disk space, then run the same command again.',
    );
  }
  writeFileSync(stamp, lock);
  process.stderr.write(`✓ Installed packages (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
};

installPackages();
const require = createRequire(import.meta.url);
require('v8-compile-cache');
require('tsx/cjs');
require('../main.ts');
