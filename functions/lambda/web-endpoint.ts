/** Where a Web Function must listen. Its form is not documented well: an address with a port, or a URL of one. */
import { SettingsError } from '../cloud/settings.ts';

export function webEndpoint(text: string | undefined): { readonly host: string; readonly port: number } {
  const match = /^(?:http:\/\/)?\[?([^\]/]*?)\]?:(\d{1,5})\/?$/.exec(text ?? '');
  if (match === null) throw new SettingsError(`AWS_LAMBDA_HTTP_ENDPOINT must be ADDRESS:PORT, not ${text ?? 'empty'}`);
  return { host: match[1] === '' ? '127.0.0.1' : (match[1] ?? ''), port: Number(match[2]) };
}
