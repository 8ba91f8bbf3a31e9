import Shell from '../workspace/Shell.vue'
import { mount } from '../mount'

void mount(Shell)
