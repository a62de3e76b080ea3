/** Colours what kubectl prints, and changes nothing else of it. */
import { stripVTControlCharacters } from 'node:util';
import type { Program } from '../program.ts';
import { withOwnKubeconfig } from '../own-kubeconfig.ts';

export const kubecolor: Program = {
  name: 'kubecolor',
  versions: ['0.0.20'],
  proves: 'tables and descriptions of nodes in colour, otherwise to the letter what kubectl prints',
  source: { kind: 'debian', package: 'kubecolor', programs: ['kubecolor'] },
  controllers: [],
  install: () => Promise.resolve(),

  async use(stand, { id }, version) {
    const run = withOwnKubeconfig(stand, id);
    for (const question of [
      ['get', 'namespaces', '-o', 'custom-columns=NAME:.metadata.name,STATUS:.status.phase'],
      ['get', 'service', 'kubernetes', '-o', 'yaml'],
      ['api-versions'],
    ]) {
      const coloured = await run([stand.program('kubecolor', version), '--force-colors', ...question]);
      const plain = await run(['kubectl', ...question]);
      if (coloured === plain || stripVTControlCharacters(coloured).trim() !== plain.trim())
        throw new Error(`${question.join(' ')} prints ${coloured}`);
    }
  },

  remove: () => Promise.resolve(),
};
