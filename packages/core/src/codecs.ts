/* What generated codecs import, without the loader: for code that reads records on another machine. */
export { type Codec, put, take } from './codec.js';
