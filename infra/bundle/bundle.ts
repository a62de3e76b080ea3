/** Makes one module of each function: what a cloud is given, and what runs here in its place. */
import { build, type Plugin } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { manifest } from '../../functions/manifest.ts';

export interface Bundle {
  /** Below `functions/`: `api.web.ts`. */
  readonly entry: string;
  /** The module: `OUT/api.web/index.mjs`. */
  readonly file: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Of the module, which names the files beside it by their contents: the same code has the same. */
  readonly sha256: string;
}

const functionsDirectory = join(import.meta.dirname, '../../functions');

/** Every root: those of the manifest, and the other hosts of the API. */
export const entries: readonly string[] = [...new Set([...manifest.map(({ entry }) => entry), 'api.web.ts', 'api.server.ts'])];

/** Packages written for `require` find one. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const largeJsonBytes = 16 * 1024;

/** Large facts are kept deflated: a tenth of the size, and sooner read than the same written as code. */
const deflatedFacts: Plugin = {
  name: 'deflated-facts',
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (text.length < largeJsonBytes) return undefined;
      const deflated = deflateRawSync(JSON.stringify(JSON.parse(text)), { level: 9 }).toString('base64');
      const contents = `import { inflateRawSync } from 'node:zlib'; export default JSON.parse(inflateRawSync(Buffer.from('${deflated}', 'base64')).toString());`;
      return { contents, loader: 'js' };
    });
  },
};

/** A function's credentials are in its environment; the SDK would bring every other place where some could be. */
const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup({ onResolve }) {
    const path = join(import.meta.dirname, 'environment-credentials.ts');
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path }));
  },
};

/** Hosts that are no function, where credentials may come from anywhere. */
const servers: readonly string[] = ['api.server.ts'];

/** What most calls never need, such as a parser of YAML, is in files beside the module and loaded when it is wanted. */
export async function bundleFunction(entry: string, outDirectory: string): Promise<Bundle> {
  const directory = join(outDirectory, basename(entry, '.ts'));
  // Parts of an earlier build would be uploaded too.
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: [{ in: join(functionsDirectory, entry), out: 'index' }],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    plugins: servers.includes(entry) ? [deflatedFacts] : [deflatedFacts, environmentCredentials],
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'error',
  });
  const file = join(directory, 'index.mjs');
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { entry, file, bytes: bytes.length, gzippedBytes: gzipSync(bytes).length, sha256 };
}

export const bundleAll = (outDirectory: string): Promise<readonly Bundle[]> =>
  Promise.all(entries.map((entry) => bundleFunction(entry, outDirectory)));
