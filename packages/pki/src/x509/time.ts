import { Reason } from '../pki.gen.js';
import { type Der, type Element, Refusal, Tag } from './der.js';

/** Unix time in seconds, of UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). 0: before 1970. */
export function timeOf(der: Der, element: Element): number {
  const text = Array.from(der.contents(element), (byte) => String.fromCharCode(byte)).join('');
  const pattern = element.tag === Tag.UTC_TIME ? /^\d{12}Z$/ : /^\d{14}Z$/;
  if (!pattern.test(text) || (element.tag !== Tag.UTC_TIME && element.tag !== Tag.TIME))
    throw new Refusal(Reason.DROP_CERT_TIME);
  const isShort = element.tag === Tag.UTC_TIME;
  const digits = isShort ? Number(text.slice(0, 2)) : Number(text.slice(0, 4));
  const year = isShort ? digits + (digits < 50 ? 2000 : 1900) : digits;
  if (!isShort && year < 2050) throw new Refusal(Reason.DROP_CERT_TIME);
  const [month, day, hour, minute, second] = text
    .slice(isShort ? 2 : 4)
    .match(/\d\d/g)!
    .map(Number) as [number, number, number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isDate =
    month >= 1 &&
    month <= 12 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isDate) throw new Refusal(Reason.DROP_CERT_TIME);
  return Math.max(0, date.getTime() / 1000);
}
