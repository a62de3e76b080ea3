/** The log of a cluster that has just begun: made once, the start of each simulation. */
import { createApi } from '../../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf, type SigningKeys } from '../../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../../functions/apiserver/auth/tokens.ts';
import { bootstrap } from '../../../functions/cloud/bootstrap.ts';
import { openClusterStore } from '../../../functions/cluster-store.ts';
import { memoryTable } from '../../../functions/store/memory/memory-table.ts';
import type { EntryItem } from '../../../functions/store/table.ts';
import { virtualWorld } from '../../support/virtual-world.ts';

export const startMs = Date.UTC(2026, 0, 1);

let keys: Promise<SigningKeys> | undefined;

/** No simulation depends on which they are. */
export const signingKeys = (): Promise<SigningKeys> => (keys ??= newSigningKeyPem().then((pem) => [signingKeyOf(pem)]));

let template: Promise<readonly EntryItem[]> | undefined;

export const bootstrapped = (): Promise<readonly EntryItem[]> => (template ??= makeTemplate());

async function makeTemplate(): Promise<readonly EntryItem[]> {
  const world = virtualWorld(1, startMs);
  const entries: EntryItem[] = [];
  const table = memoryTable({ clock: world.clock });
  const append = table.appendEntry.bind(table);
  table.appendEntry = (item, signedMs) => {
    entries.push(item);
    return append(item, signedMs);
  };
  const { store, registry, definitions } = await openClusterStore({ table, world });
  const tokens = createTokens({ keys: await signingKeys(), clock: world.clock, random: world.random });
  const api = createApi({ store, registry, world, tokens, checksApiServices: false });
  const place = { apiserverAddress: '192.0.2.1', apiserverPort: 6443, serviceCidr: '10.96.0.0/12' };
  await bootstrap(api, definitions, place);
  api.close();
  await store.close();
  return entries;
}
