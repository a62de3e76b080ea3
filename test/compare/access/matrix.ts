/** The access matrix of one server: every identity, every published operation, every place. */
import type { ReceivedAnswer } from '../servers/api-connection.ts';
import { type Asked, askedOf, type Place, placeNames } from './asked.ts';
import type { Identity } from './identities.ts';
import type { Operation, Sender } from './operations.ts';

export interface Verdict {
  readonly identity: string;
  readonly method: string;
  /** The request's path with its query. */
  readonly path: string;
  readonly place: Place;
  readonly status: number;
  /** Why it was refused; '' when it was not. */
  readonly refusal: string;
}

export const isRefusal = ({ status }: Pick<Verdict, 'status'>): boolean => status === 401 || status === 403;

/** 401, 403, or what stands for every other answer: let in. */
export const soundOf = (verdict: Pick<Verdict, 'status'>): string => (isRefusal(verdict) ? String(verdict.status) : 'let in');

const askedAtOnce = 24;

export async function accessMatrix(
  api: Sender,
  identities: readonly Identity[],
  operations: readonly Operation[],
  places: readonly Place[] = placeNames,
): Promise<readonly Verdict[]> {
  const cells = operations
    .flatMap(askedOf)
    .filter(({ place }) => places.includes(place))
    .flatMap((asked) => identities.map((identity) => ({ asked, identity })));
  const verdicts: Verdict[] = [];
  const waiting = cells.entries();
  const worker = async (): Promise<void> => {
    for (const [index, { asked, identity }] of waiting) verdicts[index] = await verdictOf(api, identity, asked);
  };
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return verdicts;
}

async function verdictOf(api: Sender, identity: Identity, { request, place }: Asked): Promise<Verdict> {
  const answer = await api.send({ ...request, headers: { ...request.headers, ...identity.headers } });
  const { method, path } = request;
  return { identity: identity.name, method, path, place, status: answer.status, refusal: refusalOf(answer) };
}

function refusalOf({ status, text }: ReceivedAnswer): string {
  if (!isRefusal({ status })) return '';
  try {
    // What differs between two objects is shown in each server's own form of them.
    return ((JSON.parse(text) as { message?: string }).message ?? '').replace(/: @@ [^]*$/, '');
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
