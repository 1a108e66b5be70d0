// SPDX-License-Identifier: LGPL-2.1-or-later
// A test is a function; what it is called is what it shows. Arguments of the
// program: the daemon's address by HTTP, by HTTPS.
import { createReadStream } from 'node:fs'

export const [, , HTTP, HTTPS] = process.argv
export const OPTIONS = { url: HTTPS, auth: { user: 'root', password: 'secret' }, allowUnauthorized: true, debounce: 10 }

export async function run(tests) {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test()
      console.log('ok -', name)
    } catch (error) {
      console.log('not ok -', name)
      console.log(error)
      process.exitCode = 1
    }
  }
  process.exit() // clients watch on
}

// As Xen Orchestra hands files on: a stream that knows its length.
export function streamOf(path, length) {
  return Object.assign(createReadStream(path), { length })
}

// The failure's code and parameters.
export async function failure(promise) {
  try {
    await promise
  } catch (error) {
    if (error.params === undefined) {
      throw error
    }
    return [error.code, ...error.params]
  }
  throw new Error('it has not failed')
}

// When IS_SO says so, after what the client has been told.
export async function until(xapi, isSo) {
  for (const end = Date.now() + 30e3; !(await isSo()); await xapi.barrier()) {
    if (Date.now() > end) {
      throw new Error(`in vain: ${isSo}`)
    }
  }
}
