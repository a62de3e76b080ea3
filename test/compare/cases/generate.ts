/** The cases of a kind: recipes by weight, each case decided by the seed and its number alone. */
import { protobufType } from '../../../functions/apiserver/http/content-negotiation.ts';
import { copy } from '../../../functions/kube/copy.ts';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Case } from './case.ts';
import { collectionOf, type ComparedKind, namespaceOf, type Recipe, type Scene } from './compared-kind.ts';
import { createMutator, type Mutator } from './mutations.ts';
import { choices } from './random.ts';
import { appliesOfManagers, oddApply, ownedByUpdate, statusApply } from './recipes/apply.ts';
import { conflictingCreation, generatedName, storedCreation, triedCreation } from './recipes/create.ts';
import { collectionDeletion, deletion, finalizedDeletion } from './recipes/delete.ts';
import { oddPatch, patch, patchOfNothing } from './recipes/patch.ts';
import { contentType, names, oddBody, options, otherType, wrongMethod } from './recipes/protocol.ts';
import { protobufBody } from './recipes/protobuf.ts';
import { readForm, selection, watch } from './recipes/read.ts';
import { repeatedField, repeatedInPatch } from './recipes/repeat.ts';
import { largeBody } from './recipes/size.ts';
import { subresourceWrite } from './recipes/subresource.ts';
import { scaleWrite, statusWrite, trialOfAll, update, updateOfNothing, updateOfOther } from './recipes/update.ts';

const recipes: WeightedRecipes = [
  [40, triedCreation],
  [6, storedCreation],
  [1, generatedName],
  [1, conflictingCreation],
  [14, update],
  [0.5, updateOfNothing],
  [1, updateOfOther],
  [4, statusWrite],
  [2, scaleWrite],
  [12, patch],
  [4, oddPatch],
  [0.5, patchOfNothing],
  [12, appliesOfManagers],
  [3, ownedByUpdate],
  [2, statusApply],
  [2, oddApply],
  [3, deletion],
  [1, finalizedDeletion],
  [0.5, collectionDeletion],
  [3, readForm],
  [3, selection],
  [2, watch],
  [1, wrongMethod],
  [1, contentType],
  [1, oddBody],
  [1, otherType],
  [0.5, options],
  [1, names],
  [2, protobufBody],
  [2, repeatedField],
  [1, repeatedInPatch],
  [0.3, largeBody],
  [2, subresourceWrite],
  [1, trialOfAll],
];

export type WeightedRecipes = readonly (readonly [weight: number, recipe: Recipe])[];

function chosenRecipe(chosen: WeightedRecipes, chance: number): Recipe {
  let left = chance * chosen.reduce((sum, [weight]) => sum + weight, 0);
  return chosen.find(([weight]) => (left -= weight) < 0)?.[1] ?? triedCreation;
}

/** What a base may leave to the case: `$n` its number, `$ip` and `$port` an address and a node port of its own. */
function named(base: Json, kind: ComparedKind, number: number): Json {
  const address = `10.97.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
  const fill = (text: string): string =>
    text.replaceAll('$namespace', namespaceOf(kind)).replaceAll('$ip', address).replaceAll('$n', String(number));
  if (base === '$port') return 30_000 + (number % 2700);
  if (typeof base === 'string') return fill(base);
  if (Array.isArray(base)) return base.map((item) => named(item, kind, number));
  if (typeof base !== 'object' || base === null) return base;
  return Object.fromEntries(Object.entries(base).map(([name, value]) => [fill(name), named(value ?? null, kind, number)]));
}

function sceneOf(kind: ComparedKind, seed: number, number: number): Scene {
  const choice = choices(seed, `${kind.name}#${number}`);
  const base = named(copy(kind.bases[number % kind.bases.length] ?? {}), kind, number) as JsonObject;
  const metadata = base['metadata'] as JsonObject | undefined;
  const name = typeof metadata?.['name'] === 'string' ? metadata['name'] : `c${number}`;
  if (kind.verbs.includes('delete')) base['metadata'] = { ...metadata, name };
  let mutator: Mutator | undefined;
  const collection = collectionOf(kind);
  return {
    kind,
    number,
    choice,
    base,
    name,
    collection,
    path: `${collection}/${encodeURIComponent(name)}`,
    get mutator() {
      mutator ??= createMutator(kind.schema, base);
      return mutator;
    },
  };
}

export function caseOf(kind: ComparedKind, seed: number, number: number): Case {
  const scene = sceneOf(kind, seed, number);
  const made = chosenRecipe(recipes, number < 3 ? 0 : scene.choice.next())(scene) ?? triedCreation(scene);
  if (made === undefined) throw new Error(`no case for ${kind.name}`);
  const { about, steps } = number >= 3 && scene.choice.next() < protobufShare ? readInProtobuf(made) : made;
  return { name: `${kind.name}#${number}`, kind: kind.name, about, steps };
}

const protobufShare = 0.06;

/** As kubelet, kube-scheduler and kube-controller-manager read, errors too. */
const readInProtobuf = ({ about, steps }: Pick<Case, 'about' | 'steps'>): Pick<Case, 'about' | 'steps'> => ({
  about: `${about}, in protobuf`,
  steps: steps.map((step) => ({ ...step, headers: { accept: protobufType, ...step.headers } })),
});

/** A case of one of these recipes; undefined where the kind lacks what the chosen one needs. */
export function caseFrom(
  chosen: WeightedRecipes,
  { kind, seed, number }: { readonly kind: ComparedKind; readonly seed: number; readonly number: number },
): Case | undefined {
  const scene = sceneOf(kind, seed, number);
  const made = chosenRecipe(chosen, scene.choice.next())(scene);
  return made === undefined ? undefined : { name: `${kind.name}#${number}`, kind: kind.name, ...made };
}
