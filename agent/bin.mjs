#!/usr/bin/env node
import { bundledAgent } from './launch.mjs';

const agent = await bundledAgent(process.argv.slice(2));
if (agent === undefined) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import(agent ?? './main.ts');
