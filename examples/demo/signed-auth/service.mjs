/* What the machines have to agree on. */

export const PORT = 7777;
export const AUDIENCE = 'echo.example';
export const KEY_ID = 1;
