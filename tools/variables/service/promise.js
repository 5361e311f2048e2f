module.exports = Promise.resolve({ a: 1, b: { c: 'x' }, fn: () => 3 });
