/**
 * What a machine needs to become a node, served by the API itself:
 *
 *   GET /join.sh       a shell script; no credentials are needed
 *   GET /join/hashes.json   the SHA-256 of each file, by name
 *   GET /join/{file}   a file that the script fetches, for callers with a bootstrap token and for nodes
 */
import { joinFilePrefix, joinHashesFile } from '../../node-protocol/agent-program.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { Extension } from '../ports.ts';

export const joinScriptPath = '/join.sh';

/** Where the files are. */
export interface JoinFiles {
  /** Hex SHA-256 of each file once unpacked, by the name under which `read` has it. */
  hashes(): Promise<Readonly<Record<string, string>>>;
  /** Compressed by gzip. Undefined: there is no such file. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export interface JoinOptions {
  readonly files: JoinFiles;
  /** How machines reach the API, by the host that one of them has asked: `https://10.0.0.1:6443`. */
  readonly apiUrl: (host: string) => string;
  /** The authority that signed the server's certificate; undefined: machines know it. */
  readonly caPem: string | undefined;
}

const notFound = (): StatusError => new StatusError(404, 'NotFound', 'the server could not find the requested resource');

export function createJoinFiles({ files, apiUrl, caPem }: JoinOptions): readonly Extension[] {
  return [
    {
      prefix: joinScriptPath,
      async fetch({ info, url }) {
        if (info.path !== joinScriptPath || info.verb !== 'get') throw notFound();
        // The code is read when the first machine asks.
        const { joinScript } = await import('./join-script.ts');
        const script = joinScript({ server: apiUrl(url.host), caPem, hashes: await files.hashes() });
        return new Response(script, { headers: { 'content-type': 'text/x-shellscript; charset=utf-8', 'cache-control': 'no-store' } });
      },
    },
    {
      prefix: joinFilePrefix,
      async fetch({ info }) {
        const name = info.path.slice(joinFilePrefix.length);
        if (name === joinHashesFile && info.verb === 'get') return Response.json(await files.hashes());
        const bytes = info.verb === 'get' ? await files.read(name) : undefined;
        if (bytes === undefined) throw notFound();
        return new Response(bytes, { headers: { 'content-type': 'application/gzip', 'content-length': String(bytes.length) } });
      },
    },
  ];
}
