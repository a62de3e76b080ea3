/**
 * Preloaded into test processes. Node's test runner follows every promise to learn which test began it: a quarter of the
 * processor time of tests that await much. A test here awaits what it begins, so only other resources are followed.
 */
import type asyncHooks from 'node:async_hooks';
import { createRequire } from 'node:module';

// The runner takes this function when it loads, later than this file.
const hooks = createRequire(import.meta.url)('node:async_hooks') as typeof asyncHooks;
const { createHook } = hooks;
hooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
