/** What it costs to load a function, in a fresh process each time: processor time, which a busy machine does not change much, and time passed. */
import { spawnSync } from 'node:child_process';
import { settingNames } from '../../functions/cloud/settings.ts';

export interface ImportCost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** The environment of a function that starts. It listens on loopback, and calls no service before its first invocation. */
export const functionVariables: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0',
  HOST: '127.0.0.1',
  PORT: '0',
  [settingNames.table]: 'table',
  [settingNames.envelopeKey]: Buffer.alloc(32).toString('base64'),
};

/** The process reports its own figures: all its threads, from its own start. So an empty module is what to take off. */
const script = (file: string): string => `
  globalThis.awslambda = { streamifyResponse: (handler) => handler };
  const start = performance.now();
  await import(${JSON.stringify(file)});
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage();
  process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs }), () => process.exit());`;

/** `directory`: far from any package, so that the module is seen to need none. */
export function importCost(file: string, directory: string): ImportCost {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script(file)], {
    cwd: directory,
    env: functionVariables,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('{')) throw new Error(`${file} cannot be loaded: ${stderr}`);
  return JSON.parse(stdout) as ImportCost;
}
