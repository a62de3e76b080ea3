/** `npm run synth [DIRECTORY]`: writes the templates of all configurations, by default below dist/synth. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createApp } from './app.ts';
import { configurations } from './configurations.ts';
import { bundleProgram } from './program.ts';

const directory = resolve(process.argv[2] ?? join(import.meta.dirname, '../../dist/synth'));
const program = await bundleProgram();
for (const [name, context] of Object.entries(configurations)) {
  const outdir = join(directory, name);
  rmSync(outdir, { recursive: true, force: true });
  const assembly = createApp({ ...program, app: { outdir, context } }).synth();
  for (const { templateFullPath } of assembly.stacks) process.stdout.write(`${templateFullPath}\n`);
}
