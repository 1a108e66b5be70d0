// SPDX-License-Identifier: LGPL-2.1-or-later
const MILLISECONDS = { sec: 1e3, min: 6e4, hour: 36e5 }

export function parseDuration(text) {
  const [n, unit] = text.split(' ')
  return n * MILLISECONDS[unit]
}
