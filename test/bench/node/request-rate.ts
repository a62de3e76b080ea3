/** How many answers of a URL come in a second, each on a connection of its own: `request-rate.ts URL SECONDS`. */
import { request } from 'node:http';

const atOnce = 16;

const [url = '', seconds = '5'] = process.argv.slice(2);
const endMs = performance.now() + 1000 * Number(seconds);

const ask = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    asked.on('error', reject);
    asked.end();
  });

let answers = 0;
const askOn = async (): Promise<void> => {
  while (performance.now() < endMs) {
    await ask();
    answers += 1;
  }
};
await Promise.all(Array.from({ length: atOnce }, askOn));
process.stdout.write(`${Math.round(answers / Number(seconds))}\n`);
