module.exports = '${self:custom.map}';
