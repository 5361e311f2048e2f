module.exports = async ({ resolveVariable }) => resolveVariable('self:custom.none');
