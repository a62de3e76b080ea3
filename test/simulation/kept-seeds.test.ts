import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertKeepsPromises } from './keeps-promises.ts';

const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8').replaceAll(/#.*$/gm, '');
const kept = text.split(/\s+/).filter((word) => word !== '');

for (const seed of kept) test(`seed ${seed}, which once broke a promise, breaks none`, () => assertKeepsPromises(Number(seed)));
