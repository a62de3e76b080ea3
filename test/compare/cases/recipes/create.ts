/** Creations: a changed object, tried or stored. */
import type { JsonObject } from '../../../../functions/kube/object.ts';
import { fieldValidation, get, mayStore, mutation, post, type Recipe, remove, trial } from '../compared-kind.ts';

export const triedCreation: Recipe = (scene) => {
  const { about, object } = scene.number < 3 ? { about: 'base', object: scene.base } : mutation(scene);
  // A review is only ever posted, and knows no dry run.
  const dryRun = scene.kind.verbs.includes('delete') ? 'dryRun=All' : '';
  return { about: `create ${about}`, steps: [post(scene, object, dryRun, fieldValidation(scene))] };
};

export const storedCreation: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.namespaced) return undefined;
  const { about, object } = mutation(scene);
  return { about: `create and read ${about}`, steps: [post(scene, object, fieldValidation(scene)), get(scene), remove(scene)] };
};

export const generatedName: Recipe = (scene) => {
  if (!mayStore(scene)) return undefined;
  const { name: _name, ...metadata } = scene.base['metadata'] as JsonObject;
  const generateName = scene.choice.of(['web-', 'Bad_', 'x', 'x'.repeat(60), '-']);
  const object = { ...scene.base, metadata: { ...metadata, generateName } };
  return {
    about: `create with generateName ${generateName.slice(0, 10)}`,
    steps: [post(scene, object, trial({ ...scene }) || 'dryRun=All')],
  };
};

export const conflictingCreation: Recipe = (scene) =>
  mayStore(scene)
    ? { about: 'create twice', steps: [post(scene), post(scene), post(scene, scene.base, 'dryRun=All'), remove(scene)] }
    : undefined;
