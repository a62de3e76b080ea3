/** An object between the form that is stored and the version that a client speaks. */
import type { KubeObject } from '../../kube/object.ts';
import type { ServedVersion } from '../../resources/definition.ts';
import type { Shown } from '../../store/json-text.ts';

export const toStored = ({ conversion }: ServedVersion, object: KubeObject): KubeObject =>
  conversion === undefined ? object : conversion.toStored(object);

export const fromStored = ({ conversion }: ServedVersion, object: KubeObject): KubeObject =>
  conversion === undefined ? object : conversion.fromStored(object);

/** The current object as the stages of a write see it. */
export const asCurrent = ({ conversion }: ServedVersion, stored: KubeObject): KubeObject =>
  conversion?.committed === undefined ? stored : conversion.fromStored(stored);

/** What the stages of a write made, as it is stored. */
export const committed = ({ conversion }: ServedVersion, next: KubeObject): KubeObject => conversion?.committed?.(next) ?? next;

/** The stored bytes pass through where the client speaks the stored version. */
export const shownAs = ({ conversion }: ServedVersion, shown: Shown): Shown =>
  conversion === undefined || (shown.revision !== undefined && conversion.isCurrent?.(shown.revision) === true)
    ? shown
    : { object: conversion.fromStored(shown.object) };
