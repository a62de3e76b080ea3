import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { letPrintJson } from './options.ts';

test('every command but one that prints JSON anyway takes -o', () => {
  const program = new Command('p');
  program.command('openapi');
  const group = program.command('token');
  const child = group.command('create').option('--ttl <time>');
  letPrintJson(program);
  const flags = (command: Command | undefined): unknown[] => (command?.options ?? []).map(({ long }) => long);
  assert.deepEqual(flags(child), ['--ttl', '--output']);
  assert.deepEqual([flags(group), flags(program), flags(program.commands[0])], [[], [], []]);
});
