import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { CELL_COUNT, CLASS_COUNT, cellOf, classOf, decide, learned, sizeClass } from '../src/policy.js';
import { openOffloadTest } from './offload_test.gen.js';

const object = openOffloadTest(
  readFileSync(new URL('../../../build/bpf/offload_test.bpf.o', import.meta.url)),
).load();
afterAll(() => object.close());

const ROUNDS = Number(process.env.CRYPTBPF_FUZZ ?? (process.env.CRYPTBPF_VM ? 50 : 2000));
const FRAME = new Uint8Array(64);

test('sizes and cells are what the program takes them for', () => {
  expect([0, 64, 65, 512, 513, 4096, 65_536, 65_537].map(sizeClass)).toEqual([0, 0, 1, 2, 3, 4, 6, 7]);
  expect(classOf(4, 70_000)).toBe(CLASS_COUNT - 1);
  expect(cellOf(CLASS_COUNT - 1, 2, 1000)).toBe(CELL_COUNT - 1);
});

describe('the program and its twin', () => {
  test('decide alike, whatever the state', () => {
    const random = new Random(3);
    const { choice, classes, estimates, given, queues } = object.maps;
    for (let round = 0; round < ROUNDS; round++) {
      const requestClass = random.below(CLASS_COUNT);
      const numbers = {
        exploreInterval: [0, 1, 8, 64][random.below(4)]!,
        costWeight: [0, 0, 256][random.below(3)]!,
      };
      const state = {
        decisions: [0, 7, 0xffff_ffff][random.below(3)]!,
        current: random.below(3),
        pin: [0, 0, 0, 1, 2, 3][random.below(6)]!,
        due: Array.from({ length: 3 }, () => random.below(20)),
      };
      const routes = Array.from({ length: 3 }, () => ({
        isAble: random.below(5) > 0,
        isOut: random.below(5) === 0,
        depth: random.below(random.below(2) ? 100 : 4),
        depthMax: random.below(3) ? 1000 : 3,
        slowness: [256, 256, 300, 5000][random.below(4)]!,
      }));
      const cells = new Map<number, { latencyNs: number; costNs: number; samples: number }>();
      routes.forEach(({ depth, isOut, slowness }, route) => {
        const cell = cellOf(requestClass, route, depth);
        const estimate = {
          latencyNs: 1 + random.below(random.below(2) ? 1e9 : 2000),
          costNs: random.below(5000),
          samples: 1,
        };
        cells.set(cell, estimate);
        estimates.set(cell, estimate);
        given.set(route, depth);
        queues.set(route, { done: 0, isOut: isOut ? 1 : 0, slowness });
      });
      classes.set(requestClass, state);
      const able = routes.reduce((bits, { isAble }, route) => bits | (isAble ? 1 << route : 0), 0);
      const depthMax = routes.map((route) => route.depthMax);
      choice.set(0, {
        class: requestClass,
        able,
        ...numbers,
        depthMax,
        streak: routes[0]!.depth,
        slow: 0,
        route: 9,
        why: 0,
        depth: 0,
        score: [0n, 0n, 0n],
      });
      object.programs.test_decide.testRun({ data: FRAME });
      const found = choice.at(0);
      const all = Array.from({ length: CLASS_COUNT }, () => structuredClone(state));
      const expected = decide(
        { estimate: (cell) => cells.get(cell)!, classes: all },
        requestClass,
        routes,
        numbers,
      );
      expect({ round, route: found.route, why: found.why, state: classes.at(requestClass) }).toEqual({
        round,
        route: expected.route,
        why: expected.why,
        state: all[requestClass],
      });
      if (expected.route < 3) expect(found.depth).toBe(expected.depth);
    }
  });

  test('learn alike', () => {
    const random = new Random(4);
    for (let round = 0; round < ROUNDS; round++) {
      const [latencyNs, costNs] = [random.below(1e6), random.below(1e6)];
      const old = {
        latencyNs: 1 + random.below(1e6),
        costNs: 1 + random.below(1e6),
        samples: random.below(3),
      };
      object.maps.estimates.set(cellOf(3, 0, 0), old);
      object.variables.lesson = { class: 3, route: 0, depth: 0, latencyNs, costNs };
      object.programs.test_learn.testRun({ data: FRAME });
      const found = object.maps.estimates.at(cellOf(3, 0, 0));
      expect(found).toMatchObject(learned(old, latencyNs, costNs));
    }
  });
});
