/** Runs a credential provider: a request on its standard input, an answer on its standard output. */
import { execFile } from 'node:child_process';
import type { Program } from './image-credentials.ts';

const programMsMax = 60_000;
const answerBytesMax = 1 << 20;

export function runProvider({ path, args, env, input }: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const options = { timeout: programMsMax, maxBuffer: answerBytesMax };
    // `env` adds its variables to the node's own.
    const child = execFile('env', [...variables, path, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${path}: ${stderr.trim() === '' ? error.message : stderr.trim()}`, { cause: error }));
    });
    // A program that ends without reading closes its side.
    child.stdin?.on('error', () => {}).end(input);
  });
}
