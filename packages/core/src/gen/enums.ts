import type { EnumLayout } from '../layout.js';
import type { Constant } from './collect.js';
import { identifier, pascalCase } from './names.js';
import { literal } from './scalars.js';

/** Members keep their C names: one search finds both sides. */
export function enumLines(layout: EnumLayout): string[] {
  const name = pascalCase(layout.name);
  const members = layout.values.map((member) => {
    return `  ${identifier(member.name)}: ${literal(member.value, layout.size)},`;
  });
  return [
    `/** enum ${layout.name}. */`,
    `export const ${name} = {`,
    ...members,
    '} as const;',
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
  ];
}

export function constantLine({ name, value, layout }: Constant): string {
  return `export const ${identifier(name)} = ${literal(value, layout.size)};`;
}
