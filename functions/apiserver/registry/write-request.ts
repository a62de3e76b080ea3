/** One write on its way from a request to the log: what all its stages know of it. */
import type { WriteContext } from '../../resources/definition.ts';
import type { WriteOptions } from '../http/request-options.ts';
import { type ResourceRequest, type Server, writeContext } from '../server.ts';

export interface WriteRequest {
  readonly server: Server;
  readonly request: ResourceRequest;
  readonly options: WriteOptions;
  readonly context: WriteContext;
  /** The object comes with who manages its fields: an apply has decided that. */
  readonly isRecorded?: boolean;
}

export const writeRequest = (server: Server, request: ResourceRequest, options: WriteOptions): WriteRequest => ({
  server,
  request,
  options,
  context: { ...writeContext(server, request.user), isDryRun: options.dryRun, warn: (text) => void request.warnings.add(text) },
});

const managerMax = 128;

/** Whom the fields of the write belong to. Source: apiserver, pkg/endpoints/handlers/create.go, managerOrUserAgent. */
export const fieldManagerOf = ({ request, options }: WriteRequest): string => managerNameOf(request.request, options);

export function managerNameOf({ headers }: Request, { fieldManager }: Pick<WriteOptions, 'fieldManager'>): string {
  if (fieldManager !== '') return fieldManager;
  const [program = ''] = (headers.get('user-agent') ?? '').split('/');
  const printable = program.replaceAll(/[\p{C}]/gu, '');
  return Buffer.from(printable).subarray(0, managerMax).toString('utf8');
}
