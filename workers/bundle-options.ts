import { fileURLToPath } from 'node:url';

/** Path of the workflows; they are bundled, never imported. */
const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/**
 * How the SDK bundles the workflows. None of our modules keeps anything between two calls, so all runs share them: else each
 * run in memory has its own copy, which makes it two and a half times as large. The SDK freezes what is shared.
 */
export const bundleOptions = { workflowsPath, preloadModules: [workflowsPath] };
