/** Loads the test files that it is given into this process. Node runs their tests when all are loaded. */
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    // The other files run all the same.
    test(`${file} loads`, () => {
      throw error;
    });
  }
}
