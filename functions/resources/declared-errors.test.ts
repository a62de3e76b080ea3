import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type FieldError, invalid, required } from '../kube/field-error.ts';
import { declaredLast } from './declared-errors.ts';

const fieldsOf = (errors: readonly FieldError[], declared: readonly string[]): string[] =>
  declaredLast(errors, declared).map(({ field }) => field);

const wrong = (...fields: string[]): FieldError[] => fields.map((field) => invalid(field, '', 'wrong'));

describe('errors of which upstream declares some', () => {
  test('declared ones stand last, in the order of the declarations', () => {
    const declared = ['metadata.name', 'spec.replicas', 'spec.minReadySeconds'];
    const errors = wrong('metadata.name', 'spec.minReadySeconds', 'metadata.labels', 'spec.replicas');
    assert.deepEqual(fieldsOf(errors, declared), ['metadata.labels', 'metadata.name', 'spec.replicas', 'spec.minReadySeconds']);
  });

  test('a reason before the field leaves errors with other reasons where they are', () => {
    const errors = [required('metadata.name'), ...wrong('metadata.name', 'spec')];
    const sorted = declaredLast(errors, ['FieldValueInvalid metadata.name']);
    assert.deepEqual(
      sorted.map(({ field, type }) => `${type} ${field}`),
      ['FieldValueRequired metadata.name', 'FieldValueInvalid spec', 'FieldValueInvalid metadata.name'],
    );
  });

  test('items of a list come one after the other, each with its fields in order, after the list itself', () => {
    const declared = ['list', 'list[*].a', 'list[*].b.c'];
    const errors = wrong('list[1].a', 'list[10].a', 'list[0].b.c', 'list', 'list[0].a', 'list[2].a');
    assert.deepEqual(fieldsOf(errors, declared), ['list', 'list[0].a', 'list[0].b.c', 'list[1].a', 'list[2].a', 'list[10].a']);
  });

  test('without declarations the order stays', () => {
    assert.deepEqual(
      declaredLast(wrong('b', 'a'), undefined).map(({ field }) => field),
      ['b', 'a'],
    );
  });
});
