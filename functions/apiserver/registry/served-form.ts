/** An object between the form that is stored and the version that a client speaks. */
import type { KubeObject } from '../../kube/object.ts';
import type { ServedVersion } from '../../resources/definition.ts';
import type { Shown } from '../../store/json-text.ts';

export const toStored = ({ conversion }: ServedVersion, object: KubeObject): KubeObject =>
  conversion === undefined ? object : conversion.toStored(object);

export const fromStored = ({ conversion }: ServedVersion, object: KubeObject): KubeObject =>
  conversion === undefined ? object : conversion.fromStored(object);

/** The stored bytes pass through where the client speaks the stored version. */
export const shownAs = ({ conversion }: ServedVersion, shown: Shown): Shown =>
  conversion === undefined || (shown.revision !== undefined && conversion.isCurrent?.(shown.revision) === true)
    ? shown
    : { object: conversion.fromStored(shown.object) };
