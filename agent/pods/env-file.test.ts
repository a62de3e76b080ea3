import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envFileValue } from './env-file.ts';
import { ContainerConfigError } from './lookup.ts';

const values: readonly (readonly [text: string, value: string])[] = [
  ["A='one'", 'one'],
  ["# a comment\n\n \t A='one' # and why\nB='two'\n", 'one'],
  ["B='two'\nA='  one # two '\n", '  one # two '],
  ["A='one\n# two\nB=three'\n", 'one\n# two\nB=three'],
  ["B='\nA=x\n'\nA='one'", 'one'],
  ["A= 'one'\n", ''],
  ["B='two'\n", ''],
  ["A='one'\r\nB='two'\r\n", 'one'],
  ['', ''],
];
for (const [text, value] of values)
  test(`of ${JSON.stringify(text)} the variable A is ${JSON.stringify(value)}`, () => {
    assert.equal(envFileValue(text, 'A'), value);
  });

for (const text of ['A', "='one'", "A ='one'", 'A=one', 'A="one"', "A='one", "A='one' two", "B=one\nA='one'", "A='on'e'"])
  test(`${JSON.stringify(text)} is no file of variables`, () => {
    assert.throws(() => envFileValue(text, 'A'), ContainerConfigError);
  });
