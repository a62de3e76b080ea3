/**
 * Signs a request with a clock reading of the caller's choice. The service refuses a request whose signature is old,
 * so a write that is held up anywhere (in this process, in the network) is refused when it arrives too late.
 */
import type { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

/** Prepares the client; the function it returns gives one request its date. */
export function datedSigning(client: DynamoDBClient): (command: PutItemCommand, signedMs: number) => void {
  const dates = new WeakMap<object, Date>();
  const signerOf = client.config.signer;
  client.config.signer = async (scheme) => {
    const signer = await signerOf(scheme);
    return { sign: (request, options) => signer.sign(request, withDate(options, dates.get(request))) };
  };
  return (command, signedMs) => {
    command.middlewareStack.addRelativeTo(
      <A extends { readonly request?: unknown }, R>(next: (args: A) => R) =>
        (args: A): R => {
          if (typeof args.request === 'object' && args.request !== null) dates.set(args.request, new Date(signedMs));
          return next(args);
        },
      { name: 'signingDate', relation: 'before', toMiddleware: 'httpSigningMiddleware' },
    );
  };
}

const withDate = <T extends object>(options: T | undefined, signingDate: Date | undefined): T | undefined =>
  signingDate === undefined || options === undefined ? options : { ...options, signingDate };
