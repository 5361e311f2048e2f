module.exports = ({ options }) => ({ a: { b: 1 }, stage: options.stage, other: options.nothing, v: '${self:custom.text}', l: [1, 2] });
