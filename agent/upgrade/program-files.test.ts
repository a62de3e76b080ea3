import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { wantedProgramAnnotation } from '../../functions/node-protocol/agent-program.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { programFiles, programHash, startScript, trialStartsMax } from './program-files.ts';
import { createProgramUpdate, trialMs } from './program-update.ts';

describe('an agent that becomes another version', () => {
  const directory = mkdtempSync(join(tmpdir(), "it's an agent "));
  after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, 'agent.mjs');
  const older = 'echo older "$1"; exit 0';
  const newer = 'echo newer "$1"; exit 0';
  const broken = 'exit 9';
  const wanting = (text: string): Node =>
    ({ metadata: { name: 'n', annotations: { [wantedProgramAnnotation]: programHash(Buffer.from(text)) } } }) as unknown as Node;

  /** A shell in the place of Node, whose flags it does not know. */
  const shell = join(directory, 'shell');
  writeFileSync(shell, '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec /bin/sh "$@"\n', { mode: 0o755 });
  function start(): { readonly code: number | null; readonly output: string } {
    const file = join(directory, 'start');
    writeFileSync(file, startScript(shell, program, join(directory, 'its config')));
    const { status, stdout } = spawnSync('sh', [file], { encoding: 'utf8' });
    return { code: status, output: stdout.trim() };
  }

  function agentServed(text: string): {
    restarts: number;
    update: ReturnType<typeof createProgramUpdate>;
    world: ReturnType<typeof virtualWorld>;
  } {
    const world = virtualWorld();
    const agent = {
      restarts: 0,
      world,
      update: createProgramUpdate({
        ...world,
        files: programFiles(program),
        download: async () => gzipSync(text),
        restart: () => (agent.restarts += 1),
      }),
    };
    return agent;
  }

  test('an agent runs its new version after a restart, and keeps it once the API has answered', async () => {
    writeFileSync(program, older);
    const agent = agentServed(newer);
    await agent.update.consider(wanting(newer));
    assert.equal(agent.restarts, 1);
    assert.deepEqual(start(), { code: 0, output: `newer ${join(directory, 'its config')}` });
    agentServed('').update.proved();
    for (let count = 0; count <= trialStartsMax; count += 1) assert.match(start().output, /^newer/);
  });

  test('an agent whose new version reaches no API goes back to the old one, and stays there', async () => {
    writeFileSync(program, older);
    await agentServed(broken).update.consider(wanting(broken));
    for (let count = 0; count < trialStartsMax; count += 1) assert.equal(start().code, 9);
    assert.match(start().output, /^older/);
    const again = agentServed(broken);
    await again.update.consider(wanting(broken));
    assert.equal(again.restarts, 0);
    assert.deepEqual(Object.values(again.update.annotations()), [programHash(Buffer.from(older)), programHash(Buffer.from(broken))]);
  });

  test('an agent on trial exits for its next start when no API answers', async () => {
    writeFileSync(program, older);
    await agentServed(newer).update.consider(wanting(newer));
    const onTrial = agentServed('');
    await onTrial.world.advance(trialMs);
    assert.equal(onTrial.restarts, 1);
    rmSync(`${program}.trial`);
  });

  test('an agent keeps its version when the API serves another than the Node asks for', async () => {
    writeFileSync(program, older);
    const agent = agentServed(broken);
    await agent.update.consider(wanting(newer));
    await agent.update.consider(wanting(older));
    await agent.update.consider(undefined);
    assert.equal(agent.restarts, 0);
    assert.equal(readFileSync(program, 'utf8'), older);
    assert.equal(existsSync(`${program}.trial`), false);
  });
});
