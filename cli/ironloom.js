#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// What `npm install --global` links: Node strips no types of what lies below node_modules, so it is done here.
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

if (nodeModule.registerHooks === undefined || nodeModule.stripTypeScriptTypes === undefined) {
  console.error(`ironloom needs Node 22.15 or newer, and this is ${process.version}`);
  process.exit(2);
}
const here = new URL('..', import.meta.url).href;
nodeModule.registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith(here) || !url.endsWith('.ts')) return nextLoad(url, context);
    const source = nodeModule.stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
    return { format: 'module', shortCircuit: true, source };
  },
});
await import('./main.ts');
